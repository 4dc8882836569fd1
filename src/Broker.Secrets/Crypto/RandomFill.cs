namespace Broker.Secrets;

/// <summary>The seam of randomness; fills the span with bytes nobody can foresee; in production <see cref="SystemRandom.Fill"/>.</summary>
/// <param name="destination">What to fill, every byte of it; often locked memory.</param>
public delegate void RandomFill(Span<byte> destination);
