#!/bin/sh
# Plays Python in the tests. Beside the link by which it is called, `package` names the folder in which
# it finds a package, and `pip` says in shell what is installed.
here=$(dirname "$0")
case "$*" in
*find_spec*) echo "$(cat "$here/package")/__init__.py" ;;
*"pip install"*)
    while [ "$1" != --target ]; do shift; done
    mkdir -p "$2/torch/lib" && cd "$2/torch" && . "$here/pip"
    ;;
esac
