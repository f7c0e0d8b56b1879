// What a layer is compared with: oneDNN's primitives with layouts of its choice, where it is installed.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "layers.h"

namespace lanewise::bench {

struct Peer {
  virtual ~Peer() = default;
  virtual void forward() = 0;
  virtual void input_gradient() = 0;
  virtual void weight_gradient() = 0;
};

// Null where there is none. Operands are channels last; weights are laid out ahead.
std::unique_ptr<Peer> make_peer(const Layer& layer, const float* x, const float* weight, const float* bias,
                                const float* grad, std::size_t threads);
std::string peer_name();

inline std::function<void()> forward_of(Peer* peer) {
  if (peer == nullptr) return {};
  return [peer] { peer->forward(); };
}
inline std::function<void()> input_gradient_of(Peer* peer) {
  if (peer == nullptr) return {};
  return [peer] { peer->input_gradient(); };
}
inline std::function<void()> weight_gradient_of(Peer* peer) {
  if (peer == nullptr) return {};
  return [peer] { peer->weight_gradient(); };
}

}  // namespace lanewise::bench
