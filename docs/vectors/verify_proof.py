#!/usr/bin/env python3
"""Verifies the proof of one Waybill event, with Python's standard library only.

    verify_proof.py EVENT.proof.json --log-key NAME+ID+KEY --agent-key agent.pem

The keys are those that you trust; take them from elsewhere than the proof. docs/formats.md describes the file.
Exit codes: 0 the event is proved; 1 it is not; 2 wrong command line.
"""
import argparse
import base64
import hashlib
import json
import sys


class Wrong(Exception):
    """What is wrong with the proof, in a sentence."""


# Ed25519 (RFC 8032, section 5.1): slow and plain, for a few signatures.
P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def recover_x(y, sign):
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if x2 == 0:
        return None if sign else 0
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P != 0:
        x = x * SQRT_M1 % P
    if (x * x - x2) % P != 0:
        return None
    return P - x if (x & 1) != sign else x


def add(a, b):
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    i, j, k, l = f - e, h - g, h + g, f + e
    return (i * j % P, k * l % P, j * k % P, i * l % P)


def times(n, point):
    result = (0, 1, 1, 0)
    while n > 0:
        if n & 1:
            result = add(result, point)
        point = add(point, point)
        n >>= 1
    return result


def decompress(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = recover_x(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def ed25519_verifies(key, message, signature):
    if len(key) != 32 or len(signature) != 64:
        return False
    a, r = decompress(key), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= Q:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % Q
    left, right = times(s, BASE), add(r, times(h, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# The tree of RFC 9162, section 2.1.
def leaf_hash(data):
    return hashlib.sha256(b"\x00" + data).digest()


def root_of(leaf, index, size, path):
    """The root that the path leads to; None if the path does not fit (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        return None
    fn, sn, node = index, size - 1, leaf
    for sibling in path:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            node = hashlib.sha256(b"\x01" + sibling + node).digest()
            while not fn & 1 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = hashlib.sha256(b"\x01" + node + sibling).digest()
        fn, sn = fn >> 1, sn >> 1
    return node if sn == 0 else None


# C2SP signed notes, checkpoints and tlog-proofs.
def read_log_key(text):
    name, key_id, data = text.strip().split("+", 2)
    data = base64.b64decode(data, validate=True)
    if data[0] != 1 or len(data) != 33:
        raise Wrong("--log-key: expected an Ed25519 verifier key, NAME+ID+KEY")
    digest = hashlib.sha256(name.encode() + b"\n" + data).digest()
    if digest[:4].hex() != key_id:
        raise Wrong("--log-key: its id does not belong to its key; part of it was changed")
    return name, digest[:4], data[1:]


def open_checkpoint(note, log_key):
    name, key_id, key = log_key
    text, signatures = note.rsplit("\n\n", 1)
    text += "\n"
    for line in signatures.splitlines():
        dash, signer, encoded = line.split(" ")
        data = base64.b64decode(encoded, validate=True)
        if dash != "\u2014" or signer != name or data[:4] != key_id:
            continue
        if not ed25519_verifies(key, text.encode(), data[4:]):
            raise Wrong("the signature of the checkpoint is wrong")
        origin, size, root = text.split("\n")[:3]
        if origin != name:
            raise Wrong(f"the checkpoint is of the log {origin}, not of {name}")
        return int(size), base64.b64decode(root, validate=True)
    raise Wrong(f"the checkpoint is not signed by the key of {name} that you gave")


def read_log_proof(text):
    head, checkpoint = text.split("\n\n", 1)
    lines = head.split("\n")
    if lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise Wrong("the proof of the log has an unknown form")
    if lines[0].startswith("extra "):
        lines.pop(0)
    word, index = lines.pop(0).split(" ")
    if word != "index":
        raise Wrong("the proof of the log has no index")
    return int(index), [base64.b64decode(line, validate=True) for line in lines], checkpoint


def read_agent_key(pem):
    der = base64.b64decode("".join(line for line in pem.splitlines() if not line.startswith("-")))
    prefix = bytes.fromhex("302a300506032b6570032100")
    if not der.startswith(prefix) or len(der) != 44:
        raise Wrong("the agent's key is no Ed25519 public key as PEM")
    return hashlib.sha256(der).hexdigest()[:16], der[12:]


def verify(proof, log_key, agent_pem):
    if proof.get("format") != "waybill/event-proof/v1":
        raise Wrong("the file is no proof of an event that this script knows")
    line, manifest_bytes = proof["line"].encode(), proof["manifest"].encode()
    manifest = json.loads(manifest_bytes)
    event_id = json.loads(line)["event"]["id"]

    path = [bytes.fromhex(sibling) for sibling in proof["path"]]
    root = root_of(leaf_hash(line), proof["position"], manifest["events"], path)
    if root is None or root.hex() != manifest["root"]:
        raise Wrong("the event does not belong to this waybill: it was changed, or moved within it")

    key_id, key = read_agent_key(agent_pem)
    if key_id != manifest["key"]:
        raise Wrong(f"the waybill is signed with the key {manifest['key']}, and the agent's key that you gave is {key_id}")
    if not ed25519_verifies(key, b"waybill/manifest/1\n" + manifest_bytes, base64.b64decode(proof["signature"])):
        raise Wrong("the agent's signature of the waybill is wrong")

    statement = json.dumps(
        {
            "agent": manifest["agent"],
            "incarnation": manifest["incarnation"],
            "key": manifest["key"],
            "manifest": hashlib.sha256(manifest_bytes).hexdigest(),
            "sequence": manifest["sequence"],
            "version": 1,
        },
        separators=(",", ":"),
    )
    index, log_path, checkpoint = read_log_proof(proof["log"])
    size, log_root = open_checkpoint(checkpoint, log_key)
    if root_of(leaf_hash(statement.encode()), index, size, log_path) != log_root:
        raise Wrong("the waybill is not in the log at this place")
    return (
        f"Proved: agent {manifest['agent']} sealed event {event_id} in waybill {manifest['sequence']}, "
        f"which is entry {index} of the {size} that {log_key[0]} signed."
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("proof")
    parser.add_argument("--log-key", required=True)
    parser.add_argument("--agent-key", required=True, help="a file with the public key as PEM")
    given = parser.parse_args()
    try:
        with open(given.proof, encoding="utf-8") as file, open(given.agent_key, encoding="utf-8") as pem:
            print(verify(json.load(file), read_log_key(given.log_key), pem.read()))
    except (Wrong, OSError) as error:
        sys.exit(f"Not proved: {error}.")
    except (ValueError, KeyError, TypeError, IndexError) as error:
        sys.exit(f"Not proved: the file is damaged ({type(error).__name__}: {error}).")


if __name__ == "__main__":
    main()
