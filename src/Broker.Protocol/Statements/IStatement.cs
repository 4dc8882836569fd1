using Broker.Protocol.Encoding;

namespace Broker.Protocol.Statements;

/// <summary>Something that is signed or authenticated: a record with exactly one encoding.</summary>
/// <typeparam name="T">The record itself.</typeparam>
public interface IStatement<T>
    where T : IStatement<T>
{
    /// <summary>The encoding.</summary>
    byte[] Encode();

    /// <summary>Reads an encoding that <see cref="Encode"/> would give again, byte for byte.</summary>
    /// <exception cref="MalformedException">It is not one.</exception>
    static abstract T Decode(ReadOnlySpan<byte> encoding);
}

/// <summary>Reading of statements with the check that the bytes are the one encoding.</summary>
public static class Statement
{
    /// <summary>Decodes, encodes again and compares.</summary>
    /// <exception cref="MalformedException">The bytes are not the encoding of a <typeparamref name="T"/>.</exception>
    public static T Read<T>(ReadOnlySpan<byte> encoding)
        where T : IStatement<T>
    {
        var statement = T.Decode(encoding);
        return encoding.SequenceEqual(statement.Encode())
            ? statement
            : throw new MalformedException("encoding is not the canonical one");
    }
}
