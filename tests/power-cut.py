#!/usr/bin/env python3
"""A power cut during and after builds, on ext4 and XFS: whatever the disk shows then, the next build is right.

    cargo build && sudo tests/power-cut.py [--rounds N] [--seed N] [--pipe target/debug/pipe]

Makes a file system in a file, mounts it, builds in it, shuts it down without writing back what it holds in memory
(as a cut does), mounts it again and builds again, under another boot's number. Needs root, loop devices, mkfs.ext4,
mkfs.xfs (one of them is enough) and unshare; changes nothing outside its temporary folder. A source is flushed when it
is written, as an editor does: what a cut costs the user there is not pipe's. The last node takes a second, so that a
build which ran it flushes what it kept: once it has ended, a cut costs none of it.
"""

import argparse
import fcntl
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import uuid

GOING_DOWN = 0x8004587D  # FS_IOC_GOINGDOWN of Linux
WITHOUT_FLUSH = 2
BOOT = "/proc/sys/kernel/random/boot_id"
MANIFEST = """
jobs 3
node "one" { in "a.txt"; out "build/one"; run "cat {in} {in} > {out}" }
node "two" { in "a.txt"; out "build/two/"; run "mkdir -p {out}/empty; cp {in} {out}/x; ln -s x {out}/link" }
node "all" { in "build/one" "build/two/"; out "build/all"; run "cat build/one build/two/link > {out}; echo talk; sleep 1" }
"""


class Disk:
    """A file system that can lose power."""

    def __init__(self, folder, kind):
        self.image, self.root = folder / f"{kind}.image", folder / kind
        self.root.mkdir()
        with open(self.image, "wb") as image:
            image.truncate(400 << 20)
        subprocess.run([f"mkfs.{kind}", "-q", self.image], check=True)
        self.mount()

    def mount(self):
        subprocess.run(["mount", "-o", "loop", self.image, self.root], check=True)

    def cut(self):
        place = os.open(self.root, os.O_RDONLY)
        fcntl.ioctl(place, GOING_DOWN, struct.pack("I", WITHOUT_FLUSH))
        os.close(place)

    def unmount(self):
        """Also waits for the end of what a killed build leaves, which has the file system in a namespace of its own."""
        for _ in range(200):
            subprocess.run(["umount", self.root], stderr=subprocess.DEVNULL)
            if not subprocess.check_output(["losetup", "-j", self.image]):
                return
            time.sleep(0.05)
        sys.exit(f"{self.root} stays in use")


def write(path, text):
    path.parent.mkdir(exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def start(pipe, project, boot):
    """A build in a session of its own that sees `boot` as the number of the machine's boot."""
    script = f'mount --bind "$1" {BOOT} && shift && exec "$@"'
    command = ["unshare", "--mount", "sh", "-c", script, "sh", boot, pipe, "-C", project, "build"]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)


def check(build, project, text, what):
    said = build.communicate()[1]
    wanted = {"build/one": text * 2, "build/two/x": text, "build/all": text * 3}
    found = {path: (project / path).read_text(errors="replace") for path in wanted if (project / path).is_file()}
    if build.returncode != 0 or found != wanted or not (project / "build/two/empty").is_dir():
        sys.exit(f"wrong after {what}: exit code {build.returncode}, {found}\n{said}")
    return said


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--pipe", default="target/debug/pipe")
    asked = parser.parse_args()
    kinds = [kind for kind in ("ext4", "xfs") if shutil.which(f"mkfs.{kind}")]
    if os.geteuid() != 0 or not kinds or not os.path.exists("/dev/loop-control"):
        print("skipped: a power cut needs root, loop devices and mkfs.ext4 or mkfs.xfs")
        return
    pipe, choose = os.path.abspath(asked.pipe), random.Random(asked.seed)
    print(f"--seed {asked.seed}")
    os.environ.pop("PIPE_CACHE_DIR", None)
    with tempfile.TemporaryDirectory(prefix="pipe-power-cut-") as folder:
        folder = pathlib.Path(folder)
        for kind in kinds:
            disk = Disk(folder, kind)
            try:
                rounds(disk, folder, kind, pipe, choose, asked.rounds)
            finally:
                disk.unmount()


def rounds(disk, folder, kind, pipe, choose, count):
    project, longest, lost = disk.root / "project", 0.2, 0
    write(project / "pipe.kdl", MANIFEST)
    moments = {"during a build": 0, "right after a build": 0, "some seconds after a build": 0}
    for number in range(count):
        text = f"text {choose.randrange(count // 2 + 1)}\n"
        write(project / "a.txt", text)
        if choose.random() < 0.25:
            shutil.rmtree(project / "build", ignore_errors=True)
        boot = folder / "boot"
        boot.write_text(f"{uuid.UUID(int=choose.getrandbits(128))}\n")
        moment = choose.choices(list(moments), [6, 3, 1])[0]
        build = start(pipe, project, boot)
        if moment == "during a build":
            time.sleep(choose.random() * longest)
        else:
            begun = time.monotonic()
            check(build, project, text, f"an ordinary build on {kind}")
            longest = time.monotonic() - begun
            time.sleep(8 if moment.startswith("some") else 0)
        disk.cut()
        try:
            os.killpg(build.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        build.wait()
        disk.unmount()
        disk.mount()
        moments[moment] += 1
        boot.write_text(f"{uuid.UUID(int=choose.getrandbits(128))}\n")
        what = f"round {number} on {kind}, cut {moment}"
        said = check(start(pipe, project, boot), project, text, what)
        lost += "ran " in said
        if "ran " in said and moment != "during a build":
            sys.exit(f"work was lost after {what}\n{said}")
        if "nothing to do" not in check(start(pipe, project, boot), project, text, what):
            sys.exit(f"not idle after {what}")
    tried = ", ".join(f"{tries} {moment}" for moment, tries in moments.items())
    print(f"{kind}: {count} power cuts, each followed by a right build: {tried}; work was lost in {lost}")


if __name__ == "__main__":
    main()
