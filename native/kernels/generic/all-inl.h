// Every kernel, in the order in which they lean on each other.
#pragma once

#include "math-inl.h"
#include "elementwise-inl.h"
#include "binary-inl.h"
#include "dropout-inl.h"
#include "reduce-inl.h"
#include "softmax-inl.h"
#include "cross_entropy-inl.h"
#include "pack-inl.h"
#include "gemm-inl.h"
#include "optimizers-inl.h"
#include "fma_chains-inl.h"
