#!/bin/sh
# Plays the engine: says what it was given.
echo "$*"
echo "$OMP_WAIT_POLICY"
cat "$2"
exit 42
