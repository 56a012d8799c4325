//! What the tests of ws-echo share: frames as bytes, a driver of the core that cuts as it is told, and
//! the bodies of the fuzz targets. None of it uses the core's encoder to check the core's decoder.

pub mod drive;
pub mod wire;
