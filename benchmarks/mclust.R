# mclust on arrays that Python wrote: row-major doubles. Prints seconds, then what was reached.
suppressMessages(library(mclust))
args <- commandArgs(TRUE)
what <- args[1]
at <- function(name) file.path(args[2], name)
n <- as.integer(args[3]); d <- as.integer(args[4]); k <- as.integer(args[5])
doubles <- function(name, count) readBin(at(name), "double", count)
x <- matrix(doubles("x", n * d), n, d, byrow = TRUE)
now <- function() as.numeric(Sys.time())

steps <- function(m) {
  weights <- doubles("weights", k)
  means <- matrix(doubles("means", k * d), d, k)
  cov <- array(doubles("covariances", k * d * d), c(d, d, k))
  factors <- array(apply(cov, 3, chol), c(d, d, k))
  variance <- list(modelName = "VVV", d = d, G = k, sigma = cov, cholsigma = factors)
  start <- list(pro = weights, mean = means, variance = variance)
  run <- function(count) {
    control <- emControl(tol = c(0, 0), itmax = c(count, count))
    began <- now()
    em(modelName = "VVV", data = x, parameters = start, control = control, warn = FALSE)
    now() - began
  }
  run(1)
  cat((run(2 * m) - run(m)) / m, "\n")
}

fit <- function(name) {
  x <- if (d == 1) as.vector(x) else x
  spent <- c()
  repeat {
    began <- now()
    found <- Mclust(x, G = k, modelNames = name, verbose = FALSE)
    spent <- c(spent, now() - began)
    if (sum(spent) > 0.3 || length(spent) >= 5) break
  }
  value <- if (is.null(found)) NaN else found$loglik
  cat(median(spent), format(value, digits = 12), "\n")
}

if (what == "steps") steps(as.integer(args[6])) else fit(args[6])
