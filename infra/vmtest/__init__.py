"""A real virtual machine under QEMU: built, provisioned, pinned, verified, broken, measured."""
