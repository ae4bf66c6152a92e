from jensen.models.mixture import MixtureParams
from jensen.families import GaussianParams
import numpy as np
def random_rows(model, data, weight, rng):
    k=model.num_components; d=data.shape[1]
    means=data[rng.choice(len(data),k,replace=False)]
    cov=np.cov(data.T,bias=True).reshape(d,d)*k**(-2/d)
    w=np.full(k,1/k)
    return MixtureParams(w,GaussianParams(means,model.family.covariance.reduce(np.tile(cov,(k,1,1)),w)))
