namespace Broker.Actors;

/// <summary>The kernel's side of ownership: whatever is disposable and reached its end here is disposed here.</summary>
internal static class Owned
{
    public static void Dispose(object? message, ActorPath path, EventStream events)
    {
        if (message is not IDisposable owner)
            return;
        try
        {
            owner.Dispose();
        }
#pragma warning disable CA1031 // The next message must still be disposed.
        catch (Exception e)
#pragma warning restore CA1031
        {
            events.Publish(new ActorFailed(path, FailurePoint.MessageDispose, TypeName.Of(e), TypeName.Of(message)));
        }
    }
}
