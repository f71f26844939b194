"""What a tenant switches on and sets: services for pages, the API, the command line and tests. Each is audited."""
