"""Every page's address, named once."""

HOME = "/"
LEADERBOARD = "/leaderboard"
LEADERBOARD_PLAY = "/leaderboard/play"
SOLVE = "/solve"
SIGN_IN = "/sign-in"
CREATE_ACCOUNT = "/create-account"
ADMIN = "/admin"
ADMIN_USERS = "/admin/users"
ADMIN_JOBS = "/admin/jobs"
ADMIN_AUDIT = "/admin/audit"
FORGOT_PASSWORD = "/forgot-password"  # noqa: S105 an address
RESET_PASSWORD = "/reset-password"  # noqa: S105 an address
VERIFY_EMAIL = "/verify-email"
ACCOUNT = "/account"
DRILLS = "/drills"
DRILL_RANGE = "/drills/range"
