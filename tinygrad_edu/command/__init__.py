"""The parts of the command `tinygrad-edu`.  Floor 7.

`train` is the main job.  It learns a task (`tasks`), prints (`reports`), writes a folder (`runs`), and keeps what it
has when it is stopped (`interrupts`).
"""
