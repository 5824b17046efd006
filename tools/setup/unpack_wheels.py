"""Unpacks from all wheels of a folder the files that the "# keep: PATTERN" lines of a requirements file name.

python3 unpack_wheels.py REQUIREMENTS WHEELS DESTINATION
"""
import fnmatch
import os
import sys
import zipfile


def main(requirements, wheels, destination):
    with open(requirements, encoding="utf-8") as lines:
        patterns = [line.split(":", 1)[1].strip() for line in lines if line.startswith("# keep:")]
    for wheel in sorted(os.listdir(wheels)):
        with zipfile.ZipFile(os.path.join(wheels, wheel)) as archive:
            for name in archive.namelist():
                if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns):
                    archive.extract(name, destination)


main(*sys.argv[1:])
