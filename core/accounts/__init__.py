"""People: users, roles and their permissions, passwords, logins and server-side sessions."""
