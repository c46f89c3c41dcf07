"""The change list: the columns, the order and the number of rows of the page Restore Contacts."""

from typing import Any

from django.contrib import admin

from benchmarks.peer.models import Contact

ROWS = 50


@admin.register(Contact)
class Contacts(admin.ModelAdmin):
    list_display = ("first_name", "last_name", "email", "phone", "account", "deleted_at")
    list_select_related = ("account",)
    list_per_page = ROWS
    ordering = ("-deleted_at", "-id")
    search_fields = ("first_name", "last_name", "email")

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).filter(deleted_at__isnull=False)
