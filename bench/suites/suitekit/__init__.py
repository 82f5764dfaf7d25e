"""What several scripts share: values to compare, and the corpus. Imports nothing that is measured.

A script finds it by its own path, at the end of ``sys.path`` so that nothing of the subject's can
be hidden: ``sys.path.append(str(Path(__file__).resolve().parents[1]))``.
"""
