"""Runs the lines of data cards as they stand, each in its export's folder, then a probe that looks at what they loaded.

Reads a JSON list of {"folder", "code", "probe"} from the file named first, and writes a list of {"result"} or {"error"} to
the file named second. A probe sets `result` to something that JSON can hold.
"""

import json
import os
import sys
import traceback

with open(sys.argv[1], encoding="utf-8") as file:
    jobs = json.load(file)
answers = []
for job in jobs:
    os.chdir(job["folder"])
    names = {}
    try:
        exec(compile(job["code"], "card", "exec"), names)
        exec(compile(job["probe"], "probe", "exec"), names)
        answers.append({"result": names["result"]})
    except Exception:
        answers.append({"error": traceback.format_exc()})
with open(sys.argv[2], "w", encoding="utf-8") as file:
    json.dump(answers, file)
