(** * The logistic sigmoid

    Formal proofs for the first chapter, on the real numbers of Coq's standard library.
    [is_derive f x l] says that [f] has the derivative [l] at [x], [is_lim f x l] that [f]
    has the limit [l] at [x], both from the library Coquelicot. *)

From Coq Require Import Reals Psatz List.
From Coquelicot Require Import Coquelicot.
Import ListNotations.
Open Scope R_scope.

(** ** The sigmoid *)

Definition sigmoid (x : R) : R := 1 / (1 + exp (- x)).

Lemma one_plus_exp_pos (x : R) : 0 < 1 + exp x.
Proof. assert (0 < exp x) by apply exp_pos. lra. Qed.

Lemma one_plus_exp_neq_0 (x : R) : 1 + exp x <> 0.
Proof. apply Rgt_not_eq, one_plus_exp_pos. Qed.

(** The two fractions that define the sigmoid are the same number. *)
(* Mutant, the exponent has the wrong sign: `exp x / (1 + exp x)` becomes `exp (- x) / (1 + exp (- x))` *)
Theorem sigmoid_second_form (x : R) : sigmoid x = exp x / (1 + exp x).
Proof.
  assert (positive := exp_pos x). unfold sigmoid. rewrite exp_Ropp. field. split; lra.
Qed.

(** The values of the sigmoid lie strictly between 0 and 1. *)
(* Mutant, the upper bound is halved: `< 1` becomes `< 1 / 2` *)
(* Mutant, the lower bound is raised: `0 < sigmoid x` becomes `1 / 2 < sigmoid x` *)
Theorem sigmoid_range (x : R) : 0 < sigmoid x < 1.
Proof.
  assert (positive := exp_pos (- x)). unfold sigmoid. split.
  - apply Rdiv_lt_0_compat; lra.
  - apply Rlt_div_l; lra.
Qed.

(** It is strictly increasing. *)
(* Mutant, it decreases: `sigmoid x < sigmoid y` becomes `sigmoid y < sigmoid x` *)
(* Mutant, equal arguments count as increasing: `x < y` becomes `x <= y` *)
Theorem sigmoid_increasing (x y : R) : x < y -> sigmoid x < sigmoid y.
Proof.
  intros less. unfold sigmoid.
  assert (exp (- y) < exp (- x)) by (apply exp_increasing; lra).
  assert (positive := exp_pos (- y)).
  apply Rmult_lt_compat_l; [lra |].
  apply Rinv_lt_contravar; [apply Rmult_lt_0_compat |]; lra.
Qed.

(** At 0 its value is one half. *)
(* Mutant, the value is that of the numerator: `1 / 2` becomes `1` *)
Theorem sigmoid_at_0 : sigmoid 0 = 1 / 2.
Proof. unfold sigmoid. rewrite Ropp_0, exp_0. field. Qed.

(** The symmetry: the values at [x] and at [- x] add up to 1. *)
(* Mutant, the sigmoid is taken for an odd function: `1 - sigmoid x` becomes `- sigmoid x` *)
(* Mutant, it is taken for an even one: `1 - sigmoid x` becomes `sigmoid x` *)
Theorem sigmoid_symmetry (x : R) : sigmoid (- x) = 1 - sigmoid x.
Proof.
  rewrite sigmoid_second_form. unfold sigmoid. field.
  apply one_plus_exp_neq_0.
Qed.

Lemma odds (x : R) : sigmoid x / (1 - sigmoid x) = exp x.
Proof.
  assert (positive := exp_pos x). rewrite sigmoid_second_form. field. split; lra.
Qed.

(** The logit is the inverse function: every [p] between 0 and 1 is the value of the sigmoid
    at exactly one point, the logarithm of the odds.  So the sigmoid is a bijection of the
    line onto the open interval. *)
(* Mutant, the odds are turned round: `p / (1 - p)` becomes `(1 - p) / p` *)
(* Mutant, the logarithm of the probability is enough: `p / (1 - p)` becomes `p` *)
Theorem sigmoid_inverse (p x : R) :
  0 < p < 1 -> (sigmoid x = p <-> x = ln (p / (1 - p))).
Proof.
  intros [above below]. split.
  - intros <-. now rewrite odds, ln_exp.
  - intros ->. rewrite sigmoid_second_form, exp_ln.
    + field. split; lra.
    + apply Rdiv_lt_0_compat; lra.
Qed.

(** What a score means: adding 1 to it multiplies the odds by [e]. *)
(* Mutant, the odds are those of the other class: `sigmoid (x + 1) / (1 - sigmoid (x + 1))` becomes `(1 - sigmoid (x + 1)) / sigmoid (x + 1)` *)
Theorem sigmoid_odds (x : R) :
  sigmoid (x + 1) / (1 - sigmoid (x + 1)) = exp 1 * (sigmoid x / (1 - sigmoid x)).
Proof.
  rewrite !odds, exp_plus. ring.
Qed.

(** The value is all that the decision between the two classes needs: it is above one half
    exactly where the score is positive. *)
(* Mutant, the threshold is at the score 1: `0 < x` becomes `1 < x` *)
Theorem sigmoid_above_half (x : R) : 1 / 2 < sigmoid x <-> 0 < x.
Proof.
  rewrite <- sigmoid_at_0. split; [| apply sigmoid_increasing].
  intros above. apply Rnot_le_lt. intros [less | ->]; [| lra].
  apply sigmoid_increasing in less. lra.
Qed.

(** The curve rises from 0, its limit on the left, to 1, its limit on the right. *)
(* Mutant, it rises from -1 as tanh does: `m_infty 0` becomes `m_infty (-1)` *)
(* Mutant, it stops at one half: `p_infty 1` becomes `p_infty (1 / 2)` *)
Theorem sigmoid_limits : is_lim sigmoid m_infty 0 /\ is_lim sigmoid p_infty 1.
Proof.
  assert (left : is_lim sigmoid m_infty 0).
  { apply is_lim_ext with (fun x => exp x / (1 + exp x)).
    { intros x. symmetry. apply sigmoid_second_form. }
    replace (Finite 0) with (Rbar_div 0 1) by (simpl; f_equal; field).
    apply is_lim_div; [apply is_lim_exp_m | | simpl; injection; lra | easy].
    replace (Finite 1) with (Finite (1 + 0)) by (f_equal; ring).
    apply is_lim_plus with 1 0; [apply is_lim_const | apply is_lim_exp_m | easy]. }
  split; [exact left |].
  apply is_lim_ext with (fun x => 1 - sigmoid (- x)).
  { intros x. rewrite sigmoid_symmetry. ring. }
  replace (Finite 1) with (Finite (1 - 0)) by (f_equal; ring).
  apply is_lim_minus with 1 0; [apply is_lim_const | | easy].
  apply (is_lim_comp sigmoid Ropp p_infty 0 m_infty left).
  - apply (is_lim_opp (fun x => x) p_infty p_infty), is_lim_id.
  - now exists 0.
Qed.

(** ** Its derivative and its antiderivative *)

(** The derivative of the sigmoid is the product of its values at [x] and at [- x]. *)
(* Mutant, the second factor is dropped: `sigmoid x * (1 - sigmoid x)` becomes `sigmoid x` *)
(* Mutant, the derivative of tanh is mistaken for it: `sigmoid x * (1 - sigmoid x)` becomes `1 - sigmoid x * sigmoid x` *)
Theorem sigmoid_derivative (x : R) :
  is_derive sigmoid x (sigmoid x * (1 - sigmoid x))
  /\ sigmoid x * (1 - sigmoid x) = sigmoid x * sigmoid (- x).
Proof.
  split; [| now rewrite sigmoid_symmetry].
  unfold sigmoid. auto_derive.
  - apply one_plus_exp_neq_0.
  - field. apply one_plus_exp_neq_0.
Qed.

Lemma Derive_sigmoid (x : R) : Derive sigmoid x = sigmoid x * (1 - sigmoid x).
Proof. apply is_derive_unique, sigmoid_derivative. Qed.

(** The slope is positive and even, and it is at most 1/4, with equality at 0 only. *)
(* Mutant, the bound is too small: `Derive sigmoid x <= 1 / 4` becomes `Derive sigmoid x <= 1 / 5` *)
(* Mutant, the bound is never reached: `Derive sigmoid x <= 1 / 4` becomes `Derive sigmoid x < 1 / 4` *)
(* Mutant, the slope is odd: `Derive sigmoid (- x) = Derive sigmoid x` becomes `Derive sigmoid (- x) = - Derive sigmoid x` *)
Theorem sigmoid_slope (x : R) :
  0 < Derive sigmoid x
  /\ Derive sigmoid (- x) = Derive sigmoid x
  /\ Derive sigmoid x <= 1 / 4
  /\ (Derive sigmoid x = 1 / 4 <-> x = 0).
Proof.
  rewrite !Derive_sigmoid, sigmoid_symmetry.
  assert (range := sigmoid_range x). repeat split.
  - nra.
  - ring.
  - assert (0 <= (sigmoid x - 1 / 2) ^ 2) by apply pow2_ge_0. lra.
  - intros equal.
    assert (half : sigmoid x = 1 / 2) by nra.
    apply sigmoid_inverse in half; [| lra].
    rewrite half. replace (1 / 2 / (1 - 1 / 2)) with 1 by field. apply ln_1.
  - intros ->. rewrite sigmoid_at_0. field.
Qed.

(** Hence the sigmoid brings two points together at least by the factor 4. *)
(* Mutant, the factor is too small: `1 / 4 *` becomes `1 / 5 *` *)
Theorem sigmoid_lipschitz (x y : R) : Rabs (sigmoid x - sigmoid y) <= 1 / 4 * Rabs (x - y).
Proof.
  destruct (MVT_gen sigmoid y x (Derive sigmoid)) as [c [_ difference]].
  - intros z _. rewrite Derive_sigmoid. apply sigmoid_derivative.
  - intros z _. apply derivable_continuous_pt.
    exists (sigmoid z * (1 - sigmoid z)). apply is_derive_Reals, sigmoid_derivative.
  - rewrite difference, Rabs_mult. apply Rmult_le_compat_r; [apply Rabs_pos |].
    destruct (sigmoid_slope c) as [positive [_ [bounded _]]].
    rewrite Rabs_pos_eq; lra.
Qed.

Definition softplus (x : R) : R := ln (1 + exp x).

(** The softplus has the sigmoid as its derivative. *)
(* Mutant, the mirror image stands for the sigmoid: `(sigmoid x)` becomes `(sigmoid (- x))` *)
(* Mutant, the inner derivative is forgotten: `(sigmoid x)` becomes `(1 / (1 + exp x))` *)
Theorem softplus_derivative (x : R) : is_derive softplus x (sigmoid x).
Proof.
  rewrite sigmoid_second_form. unfold softplus. auto_derive.
  - apply one_plus_exp_pos.
  - field. apply one_plus_exp_neq_0.
Qed.

(** It tends to 0 on the left. *)
(* Mutant, the 1 in the logarithm is forgotten: `m_infty 0` becomes `m_infty m_infty` *)
Theorem softplus_limit : is_lim softplus m_infty 0.
Proof.
  replace (Finite 0) with (Finite (ln (1 + 0))) by (rewrite Rplus_0_r, ln_1; easy).
  apply (is_lim_comp_continuous (fun x => 1 + exp x) ln m_infty (1 + 0)).
  - apply is_lim_plus with 1 0; [apply is_lim_const | apply is_lim_exp_m | easy].
  - apply continuity_pt_filterlim, derivable_continuous_pt.
    exists (/ (1 + 0)). apply derivable_pt_lim_ln. lra.
Qed.

(** So it is the integral of the sigmoid from minus infinity to [x]. *)
(* Mutant, the integral ends at 0: `(at_point x)` becomes `(at_point 0)` *)
(* Mutant, the antiderivative of the other fraction: `(softplus x)` becomes `(softplus (- x))` *)
Theorem softplus_integral (x : R) :
  is_RInt_gen sigmoid (Rbar_locally m_infty) (at_point x) (softplus x).
Proof.
  assert (slope : forall t, Derive softplus t = sigmoid t).
  { intros t. apply is_derive_unique, softplus_derivative. }
  apply is_RInt_gen_ext with (Derive softplus).
  { apply filter_forall. intros ab t _. apply slope. }
  replace (softplus x) with (softplus x - 0) by ring.
  apply is_RInt_gen_Derive.
  - apply filter_forall. intros ab t _. exists (sigmoid t). apply softplus_derivative.
  - apply filter_forall. intros ab t _.
    apply continuous_ext with sigmoid; [intros; symmetry; apply slope |].
    apply (ex_derive_continuous sigmoid). exists (sigmoid t * (1 - sigmoid t)).
    apply sigmoid_derivative.
  - apply softplus_limit.
  - intros P [eps near]. unfold filtermap, at_point. apply near, ball_center.
Qed.

(** The form that does not overflow: the larger of [x] and 0, plus a small logarithm. *)
(* Mutant, the sign of the exponent: `exp (- Rabs x)` becomes `exp (Rabs x)` *)
(* Mutant, the modulus for the maximum: `Rmax x 0` becomes `Rabs x` *)
Theorem softplus_stable (x : R) : softplus x = Rmax x 0 + ln (1 + exp (- Rabs x)).
Proof.
  unfold softplus. destruct (Rle_or_lt 0 x) as [right | left].
  - rewrite Rmax_left, Rabs_pos_eq, exp_Ropp by lra.
    assert (positive := exp_pos x).
    rewrite <- (ln_exp x) at 2. rewrite <- ln_mult.
    + f_equal. field. lra.
    + lra.
    + assert (0 < / exp x) by (apply Rinv_0_lt_compat; lra). lra.
  - rewrite Rmax_right, Rabs_left, Ropp_involutive by lra. ring.
Qed.

(** It exceeds the larger of [x] and 0: by log 2 at 0, by less everywhere else. *)
(* Mutant, the gap at 0 is 1: `Rmax x 0 = ln 2` becomes `Rmax x 0 = 1` *)
(* Mutant, the gap stays below one half: `< ln 2` becomes `< 1 / 2` *)
Theorem softplus_gap (x : R) :
  0 < softplus x - Rmax x 0
  /\ (x = 0 -> softplus x - Rmax x 0 = ln 2)
  /\ (x <> 0 -> softplus x - Rmax x 0 < ln 2).
Proof.
  replace (softplus x - Rmax x 0) with (ln (1 + exp (- Rabs x)))
    by (rewrite softplus_stable; ring).
  assert (positive := exp_pos (- Rabs x)). repeat split.
  - rewrite <- ln_1 at 1. apply ln_increasing; lra.
  - intros ->. rewrite Rabs_R0, Ropp_0, exp_0. now replace (1 + 1) with 2 by ring.
  - intros other. apply ln_increasing; [lra |].
    assert (0 < Rabs x) by (apply Rabs_pos_lt; easy).
    assert (exp (- Rabs x) < exp 0) by (apply exp_increasing; lra).
    rewrite exp_0 in *. lra.
Qed.

(** The logarithm of the sigmoid, and with it the logistic loss, is a softplus too. *)
(* Mutant, the sign of the argument: `softplus (- x)` becomes `softplus x` *)
Theorem log_sigmoid (x : R) : ln (sigmoid x) = - softplus (- x).
Proof.
  unfold sigmoid, softplus. unfold Rdiv. rewrite Rmult_1_l.
  apply ln_Rinv, one_plus_exp_pos.
Qed.

(** ** The hyperbolic tangent *)

Definition tanh (x : R) : R := (exp x - exp (- x)) / (exp x + exp (- x)).

Lemma exp_double (x : R) : exp (2 * x) = exp x * exp x.
Proof. rewrite <- exp_plus. f_equal. ring. Qed.

(** The hyperbolic tangent is the sigmoid, compressed by 2, stretched by 2, shifted by -1. *)
(* Mutant, the factor inside is lost: `sigmoid (2 * x)` becomes `sigmoid x` *)
(* Mutant, the factor in front is lost: `2 * sigmoid (2 * x)` becomes `sigmoid (2 * x)` *)
Theorem tanh_sigmoid (x : R) : tanh x = 2 * sigmoid (2 * x) - 1.
Proof.
  assert (positive := exp_pos x). unfold tanh.
  rewrite sigmoid_second_form, exp_double, exp_Ropp. field. split; nra.
Qed.

(** Its derivative is one minus its square. *)
(* Mutant, the rule of the sigmoid is taken over: `1 - tanh x ^ 2` becomes `tanh x * (1 - tanh x)` *)
(* Mutant, the sign of the tangent's derivative: `1 - tanh x ^ 2` becomes `1 + tanh x ^ 2` *)
Theorem tanh_derivative (x : R) : is_derive tanh x (1 - tanh x ^ 2).
Proof.
  assert (positive := exp_pos x). assert (mirror := exp_pos (- x)).
  unfold tanh. auto_derive; [| field]; lra.
Qed.

(** A unit with tanh is a unit with the sigmoid, up to a constant that the next bias absorbs. *)
(* Mutant, the constant is forgotten: `- v` becomes `- 0` *)
(* Mutant, the weights inside are not doubled: `sigmoid (2 * s)` becomes `sigmoid s` *)
Theorem tanh_unit (v s : R) : v * tanh s = 2 * v * sigmoid (2 * s) - v.
Proof. rewrite tanh_sigmoid. ring. Qed.

(** What one gets without the factor inside is tanh at half the argument. *)
(* Mutant, the slip itself: `tanh (x / 2)` becomes `tanh x` *)
Theorem tanh_half (x : R) :
  2 * sigmoid x - 1 = (1 - exp (- x)) / (1 + exp (- x))
  /\ (1 - exp (- x)) / (1 + exp (- x)) = tanh (x / 2).
Proof.
  assert (step : 2 * sigmoid x - 1 = (1 - exp (- x)) / (1 + exp (- x))).
  { unfold sigmoid. field. apply one_plus_exp_neq_0. }
  split; [exact step |].
  rewrite tanh_sigmoid, <- step. now replace (2 * (x / 2)) with x by field.
Qed.

(** The misprinted numerator makes a sigmoid of height 1/e of the hyperbolic tangent, which is
    positive everywhere, even at 0, and tends to 1/e instead of 1. *)
(* Mutant, it is the sigmoid of x: `sigmoid (2 * x)` becomes `sigmoid x` *)
(* Mutant, the limit is that of tanh: `p_infty (/ exp 1)` becomes `p_infty 1` *)
Theorem tanh_misprint :
  let printed x := exp x * exp (- (1)) / (exp x + exp (- x)) in
  (forall x, printed x = / exp 1 * sigmoid (2 * x))
  /\ (forall x, 0 < printed x)
  /\ is_lim printed p_infty (/ exp 1).
Proof.
  intros printed.
  assert (e_positive := exp_pos 1).
  assert (value : forall x, printed x = / exp 1 * sigmoid (2 * x)).
  { intros x. assert (positive := exp_pos x). unfold printed.
    rewrite sigmoid_second_form, exp_double, !exp_Ropp. field. repeat split; nra. }
  repeat split; [exact value | |].
  - intros x. rewrite value. destruct (sigmoid_range (2 * x)) as [above _].
    apply Rmult_lt_0_compat; [apply Rinv_0_lt_compat |]; lra.
  - apply is_lim_ext with (fun x => / exp 1 * sigmoid (2 * x)).
    { intros x. symmetry. apply value. }
    replace (Finite (/ exp 1)) with (Rbar_mult (/ exp 1) 1) by (simpl; f_equal; ring).
    apply is_lim_scal_l, (is_lim_comp sigmoid _ p_infty 1 p_infty (proj2 sigmoid_limits)).
    + apply is_lim_spec. intros M. exists (Rabs M). intros x large.
      assert (bound := Rle_abs M). assert (0 <= Rabs M) by apply Rabs_pos. lra.
    + now exists 0.
Qed.

(** How much a difference costs: the sigmoid is [exp x] times its mirror image, by which
    factor the relative error of one minus the sigmoid grows. *)
(* Mutant, the two trade places: `sigmoid x / sigmoid (- x)` becomes `sigmoid (- x) / sigmoid x` *)
Theorem sigmoid_ratio (x : R) : sigmoid x / sigmoid (- x) = exp x.
Proof. rewrite sigmoid_symmetry. apply odds. Qed.

(** ** Two classes out of many *)

(** Log-sum-exp and soft(arg)max of a list of numbers, with the parameter 1.  The components
    of the list are counted from 0 by Coq, from 1 by the book. *)

Definition total (r : list R) : R := fold_right Rplus 0 r.
Definition lse (z : list R) : R := ln (total (map exp z)).
Definition softargmax (z : list R) (k : nat) : R := exp (nth k z 0) / total (map exp z).

(** The sigmoid is the first component of soft(arg)max of two numbers. *)
(* Mutant, it is the second: `softargmax [x; 0] 0` becomes `softargmax [x; 0] 1` *)
(* Mutant, only the difference of two scores would matter up to sign: `sigmoid (z1 - z2)` becomes `sigmoid (z2 - z1)` *)
Theorem sigmoid_is_softargmax (x z1 z2 : R) :
  sigmoid x = softargmax [x; 0] 0
  /\ softplus x = lse [x; 0]
  /\ sigmoid (z1 - z2) = softargmax [z1; z2] 0.
Proof.
  unfold softargmax, lse, softplus, total. cbn [map fold_right nth].
  rewrite !sigmoid_second_form, exp_0. repeat split.
  - f_equal. ring.
  - f_equal. ring.
  - unfold Rminus. rewrite exp_plus, exp_Ropp. field.
    assert (0 < exp z1) by apply exp_pos. assert (0 < exp z2) by apply exp_pos.
    split; lra.
Qed.
