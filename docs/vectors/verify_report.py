#!/usr/bin/env python3
"""Verifies a report or an export of Waybill, with Python's standard library only (and verify_proof.py beside this file).

    verify_report.py REPORT --log-key NAME+ID+KEY [--proof REPORT.proof.json]

The key is that of the indexer's transparency log; take it from elsewhere than the report. A PDF has its proof within, any other
file beside it. docs/formats.md describes the proof.
Exit codes: 0 the report is as the indexer signed it; 1 it is not; 2 wrong command line.
"""
import argparse
import base64
import hashlib
import json
import os
import sys

from verify_proof import Wrong, ed25519_verifies, read_log_key

BEGIN = b'{"format":"waybill report proof"'


def proof_of(report, path):
    """The proof in the file, or the one beside it."""
    if path is None and not os.path.exists(report + ".proof.json"):
        with open(report, "rb") as file:
            content = file.read()
        at = content.rfind(BEGIN)
        if at < 0:
            raise Wrong("the report has no proof within, and there is none beside it")
        return json.loads(content[at : content.index(b"endstream", at)].decode())
    with open(path or report + ".proof.json", encoding="utf-8") as file:
        return json.load(file)


def signed_text(statement):
    """The text of the note: canonical JSON (RFC 8785) of a statement that has only texts, whole numbers, lists and objects."""
    return "waybill/report/1\n" + json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"


def check_signature(proof, log_key):
    name, key_id, key = log_key
    for line in proof["signatures"]:
        dash, signer, encoded = line.rstrip("\n").split(" ")
        data = base64.b64decode(encoded, validate=True)
        if dash != "\u2014" or signer != name or data[:4] != key_id:
            continue
        if not ed25519_verifies(key, signed_text(proof["statement"]).encode(), data[4:]):
            raise Wrong("the signature does not fit what the proof says: the proof was changed")
        return
    raise Wrong(f"the proof is not signed by the key of {name} that you gave")


def hash_of(report, without):
    digest, at = hashlib.sha256(), 0
    start, end = (0, 0) if without is None else (without["offset"], without["offset"] + without["length"])
    with open(report, "rb") as file:
        while block := file.read(1 << 20):
            if without is None:
                digest.update(block)
            else:
                digest.update(block[: max(0, start - at)])
                digest.update(block[max(0, end - at) :])
            at += len(block)
    return at, digest.hexdigest()


def verify(report, proof, log_key):
    if proof.get("format") != "waybill report proof" or proof.get("version") != 1:
        raise Wrong("the proof has a form that this script does not know")
    check_signature(proof, log_key)
    said = proof["statement"]["file"]
    size, digest = hash_of(report, said["without"])
    if size != said["bytes"]:
        raise Wrong(f"the file has {size} bytes, and {said['bytes']} were signed")
    if digest != said["sha256"]:
        raise Wrong("the file was changed: it does not have the hash that was signed")
    statement = proof["statement"]
    return (
        f"Proved: {log_key[0]} signed this file, \"{statement['title']}\" with {said['rows']} rows, for {statement['requested']['by']}.\n"
        f"It says of itself: {statement['verdict']}. Its query: {statement['query']}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report")
    parser.add_argument("--log-key", required=True)
    parser.add_argument("--proof")
    given = parser.parse_args()
    try:
        log_key = read_log_key(given.log_key)
    except (Wrong, ValueError) as error:
        parser.error(f"--log-key: expected NAME+ID+KEY, as a policy has it ({error})")
    for path in filter(None, (given.report, given.proof)):
        if not os.path.exists(path):
            parser.error(f"there is no file {path}")
    try:
        print(verify(given.report, proof_of(given.report, given.proof), log_key))
    except (Wrong, OSError) as error:
        sys.exit(f"Not proved: {error}.")
    except (ValueError, KeyError, TypeError, IndexError) as error:
        sys.exit(f"Not proved: the proof is damaged ({type(error).__name__}: {error}).")


if __name__ == "__main__":
    main()
