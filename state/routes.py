"""Every page's address, named once."""

HOME = "/"
LEADERBOARD = "/leaderboard"
SOLVE = "/solve"
SIGN_IN = "/sign-in"
CREATE_ACCOUNT = "/create-account"
