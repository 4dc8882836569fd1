using System.Buffers;
using Broker.Protocol.Encoding;
using Google.Protobuf;

namespace Broker.Protocol.Wire;

/// <summary>
/// The one way in which messages of the links are read: their form is looked at first (<see cref="WireForm"/>), and whatever the runtime
/// throws for bytes that are no message is one error.
/// </summary>
public static class WireReader
{
    /// <summary>Reads a message.</summary>
    /// <param name="parser">The message's parser.</param>
    /// <param name="bytes">All of the message; the caller has bounded them.</param>
    /// <exception cref="MalformedException">They are not the message.</exception>
    public static T Read<T>(MessageParser<T> parser, ReadOnlySpan<byte> bytes)
        where T : IMessage<T>, new()
    {
        ArgumentNullException.ThrowIfNull(parser);
        if (!WireForm.IsWhole(Types<T>.Descriptor, bytes))
            throw NotTheMessage();
        try
        {
            return parser.ParseFrom(bytes);
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or IndexOutOfRangeException or ArgumentException)
        {
            throw NotTheMessage();
        }
    }

    /// <summary>Reads a message that lies in pieces.</summary>
    /// <param name="parser">The message's parser.</param>
    /// <param name="bytes">All of the message; the caller has bounded them.</param>
    /// <exception cref="MalformedException">They are not the message.</exception>
    public static T Read<T>(MessageParser<T> parser, in ReadOnlySequence<byte> bytes)
        where T : IMessage<T>, new()
    {
        if (bytes.IsSingleSegment)
            return Read(parser, bytes.FirstSpan);
        var whole = ArrayPool<byte>.Shared.Rent((int)bytes.Length);
        try
        {
            bytes.CopyTo(whole);
            return Read(parser, whole.AsSpan(0, (int)bytes.Length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(whole);
        }
    }

    // Without a cause: what it says is about bytes that somebody chose.
    private static MalformedException NotTheMessage() => new("the bytes are not the message that belongs here");

    private static class Types<T>
        where T : IMessage<T>, new()
    {
        public static readonly Google.Protobuf.Reflection.MessageDescriptor Descriptor = new T().Descriptor;
    }
}
