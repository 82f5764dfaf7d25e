"""Check this project's own claims on the machine at hand: error rate, power, overhead, bias.

`measure` takes samples with the engine everybody else uses, `record` is the raw data it leaves in
`data/selfcheck/<machine>/<moment>.json`, `analysis` judges that, and `claims`, `tables` and `page`
say what came out. Everything after `record` is a pure function of one file.
"""
