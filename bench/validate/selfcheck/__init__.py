"""Check this project's own claims on the machine at hand: error rate, power, overhead, bias.

`measure` takes samples with the engine that everybody else uses, `record` is the raw data it leaves
in `data/selfcheck/<machine>/<moment>.json`, `analysis` and `claims` judge that.
"""
