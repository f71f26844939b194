"""The administration of a tenant: `/admin`."""
