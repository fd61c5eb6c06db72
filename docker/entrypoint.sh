#!/bin/sh
# Starts Rasa with the kernels that were compiled when the image was built. Numba uses a
# cache only where it can write, so they are copied from the image (3 MB).
set -e
mkdir -p "$NUMBA_CACHE_DIR"
cp -R "$KERNELS_OF_IMAGE/." "$NUMBA_CACHE_DIR/" \
  || echo "entrypoint: the kernels will be compiled again" >&2
exec rasa "$@"
