"""Prints as JSON what pikepdf, that is qpdf, finds in a PDF."""
import hashlib
import json
import sys

import pikepdf

with pikepdf.open(sys.argv[1]) as pdf:
    with pdf.open_outline() as outline:
        titles = [item.title for item in outline.root]
    files = {}
    for name, spec in pdf.attachments.items():
        content = spec.get_file().read_bytes()
        files[name] = {
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "relationship": str(spec.obj.AFRelationship),
        }
    found = {
        "pages": len(pdf.pages),
        "problems": [str(problem) for problem in pdf.check_pdf_syntax()],
        "outline": titles,
        "files": files,
        "language": str(pdf.Root.Lang),
    }
print(json.dumps(found))
