# R's SQUAREM on two problems whose counts are published: E-steps (evaluations of the EM map) and seconds.
suppressMessages(library(SQUAREM))
now <- function() as.numeric(Sys.time())
report <- function(name, method, run) {
  began <- now()
  found <- run()
  cat(name, method, found$fpevals, -found$value.objfn, now() - began, "\n")
}

# Death notices (Hasselblad, 1969): a mixture of two Poisson distributions.
counts <- c(162, 267, 271, 185, 111, 61, 27, 8, 3, 1)
days <- 0:9
poisson_step <- function(p) {
  one <- p[1] * dpois(days, p[2])
  r <- one / (one + (1 - p[1]) * dpois(days, p[3]))
  a <- sum(counts * r)
  b <- sum(counts * (1 - r))
  c(a / sum(counts), sum(counts * r * days) / a, sum(counts * (1 - r) * days) / b)
}
poisson_loss <- function(p) -sum(counts * log(p[1] * dpois(days, p[2]) + (1 - p[1]) * dpois(days, p[3])))
starts <- list(c(.5, 1, 3), c(.3, 1, 2.5), c(.9, 1, 6))
for (i in seq_along(starts)) {
  name <- paste0("death-notices-", i)
  report(name, "EM", function()
    fpiter(starts[[i]], poisson_step, poisson_loss, control = list(tol = 1e-8, maxiter = 10000)))
  report(name, "SQUAREM", function()
    squarem(starts[[i]], poisson_step, poisson_loss, control = list(tol = 1e-8)))
}

# Factor analysis of nine tests (Joreskog, 1969), n = 145: loadings of which some are fixed at 0.
lower <- c(.554, .227, .296, .189, .219, .769, .461, .479, .237, .212, .506, .530, .243, .226, .520,
           .408, .425, .304, .291, .514, .473, .280, .311, .718, .681, .313, .348, .374,
           .241, .311, .730, .661, .245, .290, .306, .672)
s <- diag(9)
s[upper.tri(s)] <- lower
s <- s + t(s) - diag(9)
free <- cbind(rep(TRUE, 9), rep(TRUE, 9), c(rep(TRUE, 4), rep(FALSE, 5)), c(rep(FALSE, 4), rep(TRUE, 5)))
unpack <- function(p) {
  loadings <- matrix(0, 9, 4)
  loadings[free] <- p[1:27]
  list(loadings = loadings, psi = p[28:36])
}
factor_step <- function(p) {
  at <- unpack(p)
  scaled <- at$loadings / at$psi
  v <- solve(diag(4) + t(at$loadings) %*% scaled)
  xz <- s %*% scaled %*% v
  zz <- v + t(scaled %*% v) %*% xz
  loadings <- matrix(0, 9, 4)
  for (j in 1:9) loadings[j, free[j, ]] <- solve(zz[free[j, ], free[j, ]], xz[j, free[j, ]])
  psi <- 1 - 2 * rowSums(loadings * xz) + rowSums((loadings %*% zz) * loadings)
  c(loadings[free], psi)
}
factor_loss <- function(p) {
  at <- unpack(p)
  if (any(at$psi <= 0)) return(NaN)
  sigma <- at$loadings %*% t(at$loadings) + diag(at$psi)
  72.5 * (as.numeric(determinant(sigma)$modulus) + sum(diag(solve(sigma, s))))
}
start <- c(.5954912, .6449102, .7630006, .7163828, .6175647, .6464100, .6452737, .7868222, .7482302,
           -.4893347, -.4408213, .5053083, .5258722, -.4714808, -.4628659, -.3260013, .3690580, .4326963,
           -.3848925, -.3555598, -.0535340, .0219100, .1931459, .4606456, -.3622682, .0630371, .0431256,
           rep(1e-8, 9))
report("factor-analysis-1", "EM", function()
  fpiter(start, factor_step, factor_loss, control = list(tol = 1e-8, maxiter = 20000)))
report("factor-analysis-1", "SQUAREM", function()
  squarem(start, factor_step, factor_loss, control = list(tol = 1e-8)))
