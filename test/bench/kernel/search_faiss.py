"""Searches all vectors of a file in themselves with faiss-cpu's IndexFlatL2, on all threads; prints the seconds as JSON."""
import json
import os
import resource
import sys
import time

import faiss
import numpy

path, n, d, k = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
vectors = numpy.fromfile(path, dtype=numpy.float32).reshape(n, d)
faiss.omp_set_num_threads(os.cpu_count())


def processor():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


started, before = time.perf_counter(), processor()
index = faiss.IndexFlatL2(d)
index.add(vectors)
index.search(vectors, k)
print(json.dumps({"seconds": time.perf_counter() - started, "processorSeconds": processor() - before, "version": faiss.__version__, "threads": faiss.omp_get_max_threads()}))
