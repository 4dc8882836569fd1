namespace Broker;

/// <summary>
/// The seam of randomness: fills the span with bytes that nobody can predict. In production the actor system's, getrandom(2) straight
/// into the caller's memory; in tests a seeded one.
/// </summary>
public delegate void RandomFill(Span<byte> destination);
