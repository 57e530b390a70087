"""Every page's address, named once."""

HOME = "/"
LEADERBOARD = "/leaderboard"
LEADERBOARD_PLAY = "/leaderboard/play"
SOLVE = "/solve"
SIGN_IN = "/sign-in"
CREATE_ACCOUNT = "/create-account"
