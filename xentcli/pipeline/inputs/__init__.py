"""What a user names beside a model's rows, or in another form: opened, and made into one form."""
