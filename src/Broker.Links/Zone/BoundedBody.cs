namespace Broker.Links.Zone;

/// <summary>Reads a reply's body up to a bound.</summary>
internal static class BoundedBody
{
    public const int MaxProblemBytes = 4 * 1024;

    /// <exception cref="IOException">The body is longer, or was cut.</exception>
    public static async Task<byte[]> ReadAsync(HttpResponseMessage response, int max, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentLength is not { } length || length > max)
            throw new IOException("the reply has no length or is longer than it may be");
        var body = new byte[length];
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await stream.ReadExactlyAsync(body, cancellationToken).ConfigureAwait(false);
        return body;
    }
}
