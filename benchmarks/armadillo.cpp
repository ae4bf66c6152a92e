// Armadillo's gmm_full: as many iterations of EM as a line of the input says, in seconds.
#include <armadillo>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>

template <class T>
arma::Col<T> load(const std::string& folder, const char* name, arma::uword size) {
  arma::Col<T> values(size);
  std::FILE* file = std::fopen((folder + "/" + name).c_str(), "rb");
  if (!file || std::fread(values.memptr(), sizeof(T), size, file) != size) throw std::runtime_error(name);
  std::fclose(file);
  return values;
}

template <class Model, class T>
void serve(const std::string& folder, arma::uword n, arma::uword d, arma::uword k) {
  const arma::Mat<T> x = arma::reshape(load<T>(folder, "x", n * d), d, n);  // a row of ours is a column of theirs
  const arma::Row<T> weights = load<T>(folder, "weights", k).t();
  const arma::Mat<T> means = arma::reshape(load<T>(folder, "means", k * d), d, k);
  const arma::Col<T> flat = load<T>(folder, "covariances", k * d * d);
  arma::Cube<T> covariances(d, d, k);
  std::copy(flat.begin(), flat.end(), covariances.begin());
  for (arma::uword steps; std::cin >> steps;) {
    Model model;
    model.set_params(means, covariances, weights);
    const auto began = std::chrono::steady_clock::now();
    const bool ok = model.learn(x, k, arma::maha_dist, arma::keep_existing, 0, steps, T(1e-10), false);
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - began;
    if (!ok) throw std::runtime_error("gmm_full failed");
    std::cout << spent.count() << std::endl;
  }
}

int main(int count, char** arguments) {
  if (count == 2 && std::string(arguments[1]) == "--version") {
    std::cout << arma::arma_version::as_string() << std::endl;
    return 0;
  }
  if (count != 7) return 2;
  const std::string folder = arguments[1], dtype = arguments[5];
  const arma::uword n = std::stoull(arguments[2]), d = std::stoull(arguments[3]), k = std::stoull(arguments[4]);
  if (dtype == "float64")
    serve<arma::gmm_full, double>(folder, n, d, k);
  else
    serve<arma::fgmm_full, float>(folder, n, d, k);
}
