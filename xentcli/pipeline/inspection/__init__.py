"""What files hold, and which command fits them: `xent info`."""
