namespace Broker.Protocol.Encoding;

/// <summary>Bytes that are not the encoding they claim to be. The message names the field, never its value.</summary>
public sealed class MalformedException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="message">What is wrong, lower case, without the value.</param>
    public MalformedException(string message)
        : base(message)
    {
    }
}
