#!/bin/sh
# The program of this name, which the virtual environment has with the path of another place in its first line.
exec python -m synapse._scripts.register_new_matrix_user "$@"
