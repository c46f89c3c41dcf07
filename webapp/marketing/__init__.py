"""What a normal change wakes and a restore must not: automations and campaigns."""
