// SPDX-License-Identifier: MIT
// Engine "sacado": the reverse mode of Sacado.
#include <Sacado_trad.hpp>

#include "engine.hpp"

namespace benchmarks {

namespace {

using Real = Sacado::Rad::ADvar<double>;

template <class W>
struct SacadoRad : EngineBase {
    static double gradient(std::span<const double> x, std::span<double> g) {
        std::vector<Real> p(x.begin(), x.end());
        Real y = workload<W>().template operator()<Real>(p);
        Sacado::Rad::ADcontext<double>::Outvar_Gradcomp(y);
        for (std::size_t i = 0; i < x.size(); ++i) g[i] = p[i].adj();
        return y.val();
    }
};

}  // namespace

void add_sacado(std::vector<Run>& runs) { add_runs<SacadoRad>(runs, "sacado"); }

}  // namespace benchmarks
