"""The tables of the app that the change list shows."""

from django.db import models


class Account(models.Model):
    name = models.TextField()

    class Meta:
        managed = False
        db_table = "account"

    def __str__(self) -> str:
        return str(self.name)


class Contact(models.Model):
    email = models.TextField()
    first_name = models.TextField()
    last_name = models.TextField()
    phone = models.TextField()
    account = models.ForeignKey(Account, models.DO_NOTHING, null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "contact"
