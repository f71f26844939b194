"""What the doctor looks at, in the order in which things depend on each other."""

from core.cli.doctor import backbones, database, files, ice, port
from core.cli.doctor.finding import Check

CHECKS = (
    Check("data folder", files.data_folder),
    Check("disk", files.free_disk),
    Check("secret key", files.secret_key_file),
    Check("database", database.database_and_plugins),
    Check("broker", backbones.broker),
    Check("live updates", backbones.live),
    Check("server port", port.server_port),
    Check("ICE", ice.ice_servers),
    Check("front end", files.front_end),
)
