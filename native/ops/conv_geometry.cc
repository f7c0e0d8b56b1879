#include "conv_geometry.h"

#include <algorithm>

#include "check.h"

namespace lanewise::ops {
namespace {

using core::checked_add;
using core::checked_mul;

constexpr std::size_t kHead = 5, kEach = 7;

std::size_t number(const char* op, double value) {
  constexpr double kLargest = 9007199254740991.0;  // of JavaScript's safe integers
  if (!(value >= 0.0 && value <= kLargest) || value != static_cast<double>(static_cast<std::size_t>(value))) {
    refuse(op, "geometry", "must hold non-negative safe integers, got " + std::to_string(value));
  }
  return static_cast<std::size_t>(value);
}

// How many windows of the kernel fit into the padded input.
std::size_t windows(const SpatialDim& dim) {
  const std::size_t reach = checked_add(checked_mul(dim.dilation, dim.kernel - 1), 1);
  const std::size_t padded = checked_add(dim.size, checked_add(dim.low, dim.high));
  return padded < reach ? 0 : (padded - reach) / dim.stride + 1;
}

SpatialDim decode_dim(const char* op, const double* numbers) {
  SpatialDim dim;
  std::size_t* const fields[kEach] = {&dim.size,     &dim.out, &dim.kernel, &dim.stride,
                                      &dim.dilation, &dim.low, &dim.high};
  for (std::size_t i = 0; i < kEach; ++i) *fields[i] = number(op, numbers[i]);
  if (dim.kernel == 0 || dim.stride == 0 || dim.dilation == 0) {
    refuse(op, "geometry", "needs kernel, stride and dilation of at least 1");
  }
  if (dim.out > windows(dim)) {
    refuse(op, "geometry",
           "has room for " + std::to_string(windows(dim)) + " positions of the kernel, got " + std::to_string(dim.out));
  }
  return dim;
}

}  // namespace

std::size_t ConvGeometry::image_work() const {
  return core::capped_mul(out_pixels(), out_channels, group_channels(), taps());
}

ConvGeometry decode_geometry(const char* op, Layout geometry) {
  if (geometry.size() < kHead) refuse(op, "geometry", "is too short");
  const std::size_t count = number(op, geometry[4]);
  if (count < 1 || count > kSpatial) {
    refuse(op, "geometry", "must have 1, 2 or 3 dimensions, got " + std::to_string(count));
  }
  if (geometry.size() != kHead + count * kEach) {
    refuse(op, "geometry",
           "must be " + std::to_string(kHead + count * kEach) + " numbers, got " + std::to_string(geometry.size()));
  }
  ConvGeometry result;
  result.batch = number(op, geometry[0]);
  result.channels = number(op, geometry[1]);
  result.out_channels = number(op, geometry[2]);
  result.groups = number(op, geometry[3]);
  if (result.groups == 0 || result.channels % result.groups != 0 || result.out_channels % result.groups != 0) {
    refuse(op, "geometry",
           "needs groups that divide " + std::to_string(result.channels) + " and " +
               std::to_string(result.out_channels) + " channels, got " + std::to_string(result.groups));
  }
  for (std::size_t d = 0; d < count; ++d) {
    result.dims[kSpatial - count + d] = decode_dim(op, &geometry[kHead + d * kEach]);
  }
  // Throws where a product does not fit; those that sizes are made of later then do.
  const std::size_t batch = std::max<std::size_t>(1, result.batch);
  std::size_t in = checked_mul(batch, std::max<std::size_t>(1, result.channels));
  std::size_t out = checked_mul(batch, std::max<std::size_t>(1, result.out_channels));
  std::size_t weight =
      checked_mul(std::max<std::size_t>(1, result.out_channels), std::max<std::size_t>(1, result.group_channels()));
  for (const SpatialDim& dim : result.dims) {
    in = checked_mul(in, std::max<std::size_t>(1, dim.size));
    out = checked_mul(out, std::max<std::size_t>(1, dim.out));
    weight = checked_mul(weight, dim.kernel);
  }
  return result;
}

}  // namespace lanewise::ops
