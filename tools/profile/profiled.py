"""Runs a command of shoal whose emulators count blocks."""

import os
import shutil
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


class Failed(Exception):
    """The command's words."""


class Profiler:
    def __init__(self, build):
        self.shoal = os.path.join(build, 'host/cli/shoal')
        self.folder = tempfile.TemporaryDirectory()
        plugin = os.path.join(self.folder.name, 'blocks.so')
        subprocess.run(['cc', '-O2', '-shared', '-fPIC', '-o', plugin,
                        os.path.join(HERE, 'blocks.c')], check=True)
        programs = os.path.join(self.folder.name, 'bin')
        os.mkdir(programs)
        self.counts = os.path.join(self.folder.name, 'counts')
        for program in ('qemu-system-arm', 'qemu-system-riscv32'):
            found = shutil.which(program)
            if not found:
                continue
            script = os.path.join(programs, program)
            with open(script, 'w', encoding='utf-8') as file:
                file.write(f'#!/bin/sh\n'
                           f'exec python3 {HERE}/emulator.py {found} "$@"\n')
            os.chmod(script, 0o755)
        self.environment = dict(
            os.environ, PATH=programs + ':' + os.environ['PATH'],
            SHOAL_PROFILE_PLUGIN=plugin, SHOAL_PROFILE=self.counts)

    def run(self, *arguments):
        """What the command prints; `counts` names the file of what ran."""
        done = subprocess.run([self.shoal, *arguments], check=False,
                              capture_output=True, text=True,
                              env=self.environment)
        if done.returncode != 0:
            raise Failed(done.stderr.strip().splitlines()[0])
        return done.stdout
