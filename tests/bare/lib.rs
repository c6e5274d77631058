//! A crate that depends on dcache without features.
