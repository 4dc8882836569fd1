using Broker.Protocol.Encoding;

namespace Broker.Secrets;

/// <summary>
/// What custody keeps of a customer: K_e, or K_e ‖ K_(e-1) while a rotation is unfinished. A share of either is as long as it.
/// </summary>
internal static class KeptSecret
{
    /// <summary>Reads the field and gives its length.</summary>
    /// <exception cref="MalformedException">It has another length than custody keeps.</exception>
    public static int Read(ref EncReader reader)
    {
        var length = reader.Bytes(2 * CustomerSecret.Length).Length;
        return length is CustomerSecret.Length or 2 * CustomerSecret.Length
            ? length
            : throw new MalformedException("a record of custody keeps 32 or 64 bytes");
    }
}
