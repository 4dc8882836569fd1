using System.Security.Cryptography;
using Broker.Protocol.Encoding;
using Broker.Protocol.Statements;
using Broker.Protocol.Transfer;
using Microsoft.Win32.SafeHandles;

namespace Broker.Secrets;

/// <summary>
/// Tickets and their key in a memfd: <c>scalar[32] ‖ DrawnTickets</c>. It has no name in any file system; a successor on the same
/// machine inherits it, or gets it from its service manager. Kernel memory, not page-locked; it is cut to nothing when it was read.
/// </summary>
public static class TicketDescriptor
{
    /// <summary>The name under which a service manager keeps the descriptor.</summary>
    public const string Name = "broker-tickets";

    private const int ScalarLength = 32;
    private const long MaxLength = 64 << 20;

    /// <summary>Makes a memfd that child processes inherit and fills it.</summary>
    /// <param name="key">The tickets' key; it stays the caller's.</param>
    /// <param name="tickets">The tickets.</param>
    /// <returns>The descriptor, which the caller closes once the successor has it.</returns>
    /// <exception cref="IOException">The kernel gives no memfd.</exception>
    public static SafeFileHandle Write(TicketKey key, DrawnTickets tickets)
    {
        var handle = LibC.CreateMemoryFile(Name);
        try
        {
            RandomAccess.Write(handle, key.Scalar, 0);
            RandomAccess.Write(handle, tickets.Encode(), ScalarLength);
            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Reads an inherited memfd, empties it and closes it.</summary>
    /// <param name="descriptor">Its number in this process.</param>
    /// <returns>The key, owned by the caller, and the tickets.</returns>
    /// <exception cref="MalformedException">It is no such memfd.</exception>
    public static (TicketKey Key, DrawnTickets Tickets) Read(int descriptor)
    {
        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        SecretBuffer? scalar = null;
        try
        {
            var length = RandomAccess.GetLength(handle);
            if (length is <= ScalarLength or > MaxLength)
            {
                throw NoTickets();
            }

            scalar = SecretBuffer.Allocate(ScalarLength);
            var rest = new byte[length - ScalarLength];
            if (RandomAccess.Read(handle, scalar.Span, 0) != scalar.Length || RandomAccess.Read(handle, rest, ScalarLength) != rest.Length)
            {
                throw NoTickets();
            }

            RandomAccess.SetLength(handle, 0);
            var tickets = Statement.Read<DrawnTickets>(rest);
            return (TicketKey.Take(scalar.Move()), tickets);
        }
        catch (Exception e) when (e is IOException or NotSupportedException or UnauthorizedAccessException or CryptographicException)
        {
            throw NoTickets();
        }
        finally
        {
            scalar?.Dispose();
        }
    }

    private static MalformedException NoTickets() => new("the descriptor holds no tickets of a node that drained");
}
