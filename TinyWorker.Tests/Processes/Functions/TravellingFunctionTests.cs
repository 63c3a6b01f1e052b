using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.InteropServices;
using TinyWorker.Processes.Data;
using TinyWorker.Processes.Functions;

namespace TinyWorker.Tests.Processes.Functions;

/// <summary>Every kind of function that C# can make a delegate of arrives unchanged.</summary>
internal sealed class TravellingFunctionTests
{
    [Test]
    public void StaticMethod_Rebuilt_IsTheSameMethod()
    {
        Assert.That(Journey.Of<Func<int, int>>(Plus1), Is.EqualTo((Func<int, int>)Plus1));
        Assert.That(Journey.Of<Func<double, double>>(Math.Sqrt)(9), Is.EqualTo(3));
        Assert.That(Journey.Of<Func<string, int>>(int.Parse)("7"), Is.EqualTo(7));
        Assert.That(Journey.Of<Func<int>>(One)(), Is.EqualTo(1));
    }

    [Test]
    public void Lambda_WithoutCaptures_Rebuilt_Works()
    {
        Assert.That(Journey.Of((int x) => x + 2)(1), Is.EqualTo(3));
        Assert.That(Journey.Of(static (int x) => x + 3)(1), Is.EqualTo(4));
    }

    [Test]
    public void Lambda_WithCaptures_Rebuilt_HasTheValuesOfTheTimeItWasDescribed()
    {
        var factor = 3;
        List<int> list = [1, 2];
        var function = (int x) => (factor * x) + list.Count;
        var rebuilt = Journey.Of(function);
        factor = 100;
        list.Add(3);
        Assert.That(rebuilt(10), Is.EqualTo(32));
        Assert.That(function(10), Is.EqualTo(1003));
    }

    [Test]
    public void Lambda_ThatCounts_Rebuilt_CountsInItsOwnCopy()
    {
        var count = 5;
        var rebuilt = Journey.Of((int x) => ++count + x);
        Assert.That((rebuilt(0), rebuilt(0), count), Is.EqualTo((6, 7, 5)));
    }

    [Test]
    public void Lambda_WithCapturesOfSeveralScopes_Rebuilt_HasThemAll()
    {
        var outer = "a";
        foreach (var middle in new[] { 1, 2 })
        {
            for (var i = 0; i < 2; i++)
            {
                var inner = i;
                var rebuilt = Journey.Of((string x) => x + outer + middle + inner);
                Assert.That(rebuilt("x"), Is.EqualTo($"xa{middle}{inner}"));
            }
        }
    }

    [Test]
    public void Lambdas_ThatShareAVariable_Rebuilt_StillShareIt()
    {
        var shared = 0;
        var add = (int x) => { shared += x; };
        var rebuilt = Journey.Of((int x) =>
        {
            add(x);
            add(x);
            return shared;
        });
        Assert.That((rebuilt(2), rebuilt(1), shared), Is.EqualTo((4, 6, 0)));
    }

    [Test]
    public void Variables_OfTheSameObject_Rebuilt_AreStillTheSameObject()
    {
        List<int> one = [1];
        var other = one;
        var rebuilt = Journey.Of((int x) =>
        {
            one.Add(x);
            return other.Count;
        });
        Assert.That((rebuilt(0), one.Count), Is.EqualTo((2, 1)));
    }

    [Test]
    public void Lambda_ThatCapturesItself_Rebuilt_Recurses()
    {
        Func<int, int>? factorial = null;
        factorial = n => n < 2 ? 1 : n * factorial!(n - 1);
        Assert.That(Journey.Of(factorial)(6), Is.EqualTo(720));
    }

    [Test]
    public void Lambdas_ThatCaptureEachOtherThroughScopes_Rebuilt_CallEachOther()
    {
        Func<int, bool> isOdd = null!;
        Func<int, bool>? isEven = null;
        {
            var zero = 0;
            isEven = n => n == zero || isOdd(n - 1);
        }

        isOdd = n => n != 0 && isEven(n - 1);
        var rebuilt = Journey.Of(isEven);
        Assert.That((rebuilt(10), rebuilt(7)), Is.EqualTo((true, false)));
    }

    [Test]
    public void LocalFunction_WithAndWithoutCaptures_Rebuilt_Works()
    {
        var offset = 4;
        int Add(int x) => Twice(x) + offset;
        int Twice(int x) => 2 * x;
        static int Thrice(int x) => 3 * x;
        Assert.That(Journey.Of<Func<int, int>>(Add)(1), Is.EqualTo(6));
        Assert.That(Journey.Of<Func<int, int>>(Twice)(1), Is.EqualTo(2));
        Assert.That(Journey.Of<Func<int, int>>(Thrice)(1), Is.EqualTo(3));
        Assert.That(Journey.Of((int x) => Add(Thrice(x)))(1), Is.EqualTo(10));
    }

    [Test]
    public void LocalFunction_ThatIsGeneric_Rebuilt_Works()
    {
        var offset = 4;
        string Show<T>(T x) => $"{typeof(T).Name} {x} {offset}";
        Assert.That(Journey.Of((int x) => Show(x) + Show("a"))(1), Is.EqualTo("Int32 1 4String a 4"));
    }

    [Test]
    [Platform("Linux")]
    public void LocalFunction_WithoutABody_Rebuilt_Works()
    {
        var offset = 4;
        Assert.That(Journey.Of((int x) => abs(x) + offset)(-1), Is.EqualTo(5));

        [DllImport("libc")]
        static extern int abs(int x);
    }

    [Test]
    public void Method_OfMoreVariablesThanAByteCounts_IsReadToItsEnd()
    {
        var assembly = new PersistedAssemblyBuilder(new("TinyWorkerLong"), typeof(object).Assembly);
        var type = assembly.DefineDynamicModule("TinyWorkerLong").DefineType("Long", TypeAttributes.Public);
        var il = type.DefineMethod("Method", MethodAttributes.Public | MethodAttributes.Static, typeof(double), []).GetILGenerator();
        for (var i = 0; i < 300; i++) il.DeclareLocal(typeof(double));
        il.Emit(OpCodes.Ldloc, (short)299);
        il.Emit(OpCodes.Call, typeof(Math).GetMethod(nameof(Math.Sqrt))!);
        il.Emit(OpCodes.Ret);
        type.CreateType();
        using var bytes = new MemoryStream();
        assembly.Save(bytes);
        var method = Assembly.Load(bytes.ToArray()).GetType("Long", throwOnError: true)!.GetMethod("Method")!;

        Assert.That(IlReader.MembersNamedBy(method).Select(member => member.Name), Is.EqualTo(new[] { nameof(Math.Sqrt) }));
    }

    [Test]
    public async Task AsyncLambda_Rebuilt_Works()
    {
        var offset = 4;
        int Local(int x) => x + offset;
        async Task<int> LocalAsync(int x)
        {
            await Task.Yield();
            return Local(x);
        }

        var rebuilt = Journey.Of(async (int x, CancellationToken token) =>
        {
            await Task.Yield();
            return await LocalAsync(x) + offset;
        });
        Assert.That(await rebuilt(1, CancellationToken.None), Is.EqualTo(9));
    }

    [Test]
    public void Lambda_ThatMakesLambdas_Rebuilt_FindsWhatTheInnermostUses()
    {
        int a = 1, b = 2, c = 3;
        var rebuilt = Journey.Of((int x) =>
        {
            var inner = x;
            return Enumerable.Range(0, 3).Select(i => Enumerable.Range(0, 2).Sum(j => i + j + inner + c)).Sum() + Iterate().Sum();
        });
        IEnumerable<int> Iterate()
        {
            yield return a;
            yield return b;
        }

        Assert.That(rebuilt(1), Is.EqualTo(36));
    }

    [Test]
    public void Lambda_ThatMakesAnExpressionOrADynamicCall_Rebuilt_FindsWhatItUses()
    {
        var limit = 3;
        dynamic word = "abc";
        Assert.That(Journey.Of((int x) => new[] { x }.AsQueryable().Any(y => y < limit))(2), Is.True);
        Assert.That(Journey.Of((int x) => (int)word.Length + x)(2), Is.EqualTo(5));
    }

    [Test]
    public void Lambda_InGenericMethodsAndClasses_Rebuilt_HasTheirTypes()
    {
        Assert.That(Generic<string>.Lambda<List<int>>([])(1), Is.EqualTo("String List`1 Int32 0"));
        Assert.That(Journey.Of(Generic<string>.Lambda<List<int>>([5]))(1), Is.EqualTo("String List`1 Int32 1"));
        Assert.That(Journey.Of(Generic<int>.Empty<Uri>())(1), Is.EqualTo("Int32 Uri"));
        Assert.That(Journey.Of<Func<int, string>>(Generic<int>.Method<string, Guid>)(1), Is.EqualTo("Int32 String Guid 1"));
        Assert.That(Journey.Of<Func<string, string>>(Identity)("a"), Is.EqualTo("a"));
    }

    [Test]
    public void ExtensionMethod_WithItsFirstArgumentBound_Rebuilt_HasIt()
    {
        string[] words = ["a", "b"];
        Assert.That(Journey.Of<Func<string, bool>>(words.Contains)("b"), Is.True);
        Assert.That(Journey.Of<Func<string, string>>("a".Then)("b"), Is.EqualTo("ab"));
        Assert.That(Journey.Of<Func<string, string>>(((string?)null).Then)("b"), Is.EqualTo("b"));
        var plus = (int x) => x + 1;
        Assert.That(Journey.Of<Func<int, int>>(plus.Twice)(1), Is.EqualTo(3));
    }

    [Test]
    public void Method_OfAnObjectThatIsData_Rebuilt_HasACopyOfTheObject()
    {
        List<int> list = [1];
        var contains = Journey.Of<Func<int, bool>>(list.Contains);
        list.Add(2);
        Assert.That((contains(1), contains(2)), Is.EqualTo((true, false)));
        Assert.That(Journey.Of<Func<int, int>>(new Line(2, 1).At)(10), Is.EqualTo(21));
        Assert.That(Journey.Of<Func<int, int>>(new Slope(3).At)(10), Is.EqualTo(30));
        Assert.That(Journey.Of(new Line(2, 1).Lambda())(10), Is.EqualTo(21));
        Assert.That(Journey.Of(new Line(2, 1).LambdaWith(5))(10), Is.EqualTo(26));
    }

    [Test]
    public void Delegate_OfTheUsersOwnType_Rebuilt_IsOfThatType()
    {
        var base10 = 10;
        Own own = (int x, out int rest) => Math.DivRem(x, base10, out rest);
        Assert.That(Journey.Of(own)(25, out var rest) + rest, Is.EqualTo(7));
    }

    [Test]
    public void Delegate_OfADelegate_Rebuilt_CallsIt()
    {
        var summand = 1;
        Func<int, int> inner = x => x + summand;
        Converter<int, int> outer = new(inner);
        Assert.That(Journey.Of(outer)(1), Is.EqualTo(2));
        Assert.That(Journey.Of(new Func<int, int>(inner.Invoke))(1), Is.EqualTo(2));
    }

    [Test]
    public void Delegate_OpenOverItsInstance_Rebuilt_StaysOpen()
    {
        var length = typeof(string).GetProperty(nameof(string.Length))!.GetMethod!.CreateDelegate<Func<string, int>>();
        Assert.That(Journey.Of(length)("abc"), Is.EqualTo(3));
    }

    [Test]
    public async Task WorkerFactory_Rebuilt_MakesWorkers()
    {
        var greeting = "hello ";
        Func<WorkerInfo, ITinyWorker<string, string>> factory = info => new Greeter(greeting + info.Index + " ");
        var worker = Journey.Of(factory)(new("t", 3, 4, 0));
        Assert.That(await worker.CallAsync("you", CancellationToken.None), Is.EqualTo("hello 3 you"));
    }

    [Test]
    public void Functions_WithinFunctions_AHundredDeep_Rebuilt_Work_AndBottomlessOnesAreRefused()
    {
        Assert.That(Journey.Of(Deep(100))(1), Is.EqualTo(101));
        Assert.That(Journey.Refusal(Deep(100_000)), Does.Contain("too deep"));
    }

    [Test]
    public void Name_IsTheOneOfTheSource()
    {
        var captured = 1;
        int Local(int x) => x + captured;
        const string here = $"{nameof(TravellingFunctionTests)}.{nameof(Name_IsTheOneOfTheSource)}";
        Assert.That(NameOf(Plus1), Is.EqualTo("TravellingFunctionTests.Plus1"));
        Assert.That(NameOf(x => x), Is.EqualTo("a lambda in " + here));
        Assert.That(NameOf(x => x + captured), Is.EqualTo("a lambda in " + here));
        Assert.That(NameOf(Local), Is.EqualTo("Local in " + here));
        Assert.That(
            TravellingFunction.Describe(Generic<int>.Method<string, Guid>, "f").Name,
            Is.EqualTo("TravellingFunctionTests.Generic<Int32>.Method"));

        static string NameOf(Func<int, int> function) => TravellingFunction.Describe(function, "f").Name;
    }

    // Names from programs with top-level statements, from Visual Basic, and names that no compiler makes.
    [TestCase("<Main>$", "C.Main")]
    [TestCase("<<Main>$>b__0_1", "a lambda in C.Main")]
    [TestCase("<<Main>$>g__Square|0_0", "Square in C.Main")]
    [TestCase("<<Main>b__0>g__Square|0_0", "Square in a lambda in C.Main")]
    [TestCase("<Main>g__Square", "C.<Main>g__Square")]
    [TestCase("<Main>z__1|2", "C.<Main>z__1|2")]
    [TestCase("<Main", "C.<Main")]
    [TestCase("_Lambda$__1-0", "C._Lambda$__1-0")]
    public void Name_OfAMethodAsItsCompilerMadeIt_IsTheOneOfTheSource(string made, string ofTheSource)
    {
        var type = MadeType(
            type => type.DefineMethod(made, MethodAttributes.Public | MethodAttributes.Static, typeof(void), [])
                .GetILGenerator().Emit(OpCodes.Ret));
        Assert.That(SourceNames.Name(type.GetMethods(BindingFlags.Public | BindingFlags.Static).Single()), Is.EqualTo(ofTheSource));
    }

    [TestCase("$VB$Local_count", "count")]
    [TestCase("$VB$Me", "this")]
    [TestCase("<>4__this", "this")]
    [TestCase("<Count>k__BackingField", "Count")]
    [TestCase("<IHolds<string>.Held>k__BackingField", "IHolds<string>.Held")]
    [TestCase("count", "count")]
    public void Name_OfAFieldAsItsCompilerMadeIt_IsTheOneOfTheSource(string made, string ofTheSource)
    {
        var type = MadeType(type => type.DefineField(made, typeof(int), FieldAttributes.Public));
        Assert.That(SourceNames.Name(type.GetFields().Single()), Is.EqualTo(ofTheSource));
    }

    private static Type MadeType(Action<TypeBuilder> define)
    {
        var assembly = AssemblyBuilder.DefineDynamicAssembly(new("TinyWorkerNames"), AssemblyBuilderAccess.Run);
        var type = assembly.DefineDynamicModule("TinyWorkerNames").DefineType("C");
        define(type);
        return type.CreateType();
    }

    private delegate int Own(int x, out int rest);

    private static int One() => 1;

    private static int Plus1(int x) => x + 1;

    private static T Identity<T>(T x) => x;

    private static Func<int, int> Deep(int depth)
    {
        Func<int, int> function = x => x;
        for (var i = 0; i < depth; i++)
        {
            var inner = function;
            function = x => inner(x) + 1;
        }

        return function;
    }

    private sealed class Greeter(string greeting) : TinyWorker<string, string>
    {
        public override string Call(string input, CancellationToken cancellationToken) => greeting + input;
    }

    private static class Generic<T>
    {
        public static Func<int, string> Lambda<TMethod>(TMethod captured)
            where TMethod : List<int> =>
            x => $"{typeof(T).Name} {typeof(TMethod).Name} {x.GetType().Name} {captured.Count}";

        public static Func<int, string> Empty<TMethod>() => _ => $"{typeof(T).Name} {typeof(TMethod).Name}";

        public static string Method<T1, T2>(int x) => $"{typeof(T).Name} {typeof(T1).Name} {typeof(T2).Name} {x}";
    }

    private sealed record Line(int Slope, int Offset)
    {
        public int At(int x) => (Slope * x) + Offset;

        public Func<int, int> Lambda() => x => At(x);

        public Func<int, int> LambdaWith(int more) => x => At(x) + more;
    }

    private readonly record struct Slope(int Value)
    {
        public int At(int x) => Value * x;
    }
}
