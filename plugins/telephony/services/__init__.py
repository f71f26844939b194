"""What telephony does: customers call, agents answer, calls end."""
