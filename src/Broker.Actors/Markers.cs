namespace Broker.Actors;

/// <summary>A message whose handling does not count as activity for the receive timeout.</summary>
public interface INotInfluenceReceiveTimeout;

/// <summary>A message whose loss is of no interest: it is disposed and counted, but not published as a dead letter.</summary>
public interface ISuppressDeadLetter;
