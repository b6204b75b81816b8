"""Composing mails: what each kind says, and how a mail is put together. Nothing is read here."""
