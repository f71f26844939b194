"""What helps to write a plugin: a first version of one, and checks of the finished one."""
