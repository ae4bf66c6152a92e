def diagnose(model, params, data, weight): return None
