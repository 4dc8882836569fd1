using System.Text;
using Broker.Secrets;

namespace Broker.Agent.Tests.Support;

/// <summary>Secrets of tests, which are no secrets.</summary>
internal static class Texts
{
    internal static SecretBuffer Secret(string text) => SecretBuffer.CopyOf(Encoding.UTF8.GetBytes(text));

    internal static SecretBuffer Secret(int length, byte fill)
    {
        var buffer = SecretBuffer.Allocate(length);
        buffer.Span.Fill(fill);
        return buffer;
    }
}
